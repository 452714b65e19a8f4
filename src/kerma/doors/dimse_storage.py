"""The receive loop: an association that only verifies and stores, read with as few calls and copies as there can be.

The bytes of a data set go from the socket through one buffer to the disk, hashed on the way and never decoded. Whatever
else is asked on the network goes to pynetdicom (``dimse_services.py``); why there are two, and what each costs, is in
``docs/decisions/0008-dicom-receive-loop.md``.
"""

from __future__ import annotations

import struct

from kerma.doors import dimse_command as commands
from kerma.doors import dimse_pdu as pdu
from kerma.doors.dimse_command import Command
from kerma.doors.dimse_negotiation import VERIFICATION, Agreement
from kerma.doors.dimse_object import Door, Incoming
from kerma.doors.dimse_pdu import GarbledError
from kerma.doors.dimse_wire import RECEIVE_BUFFER_BYTES, GoneError, Wire
from kerma.kernel.dimse import Peer
from kerma.kernel.dimse_dicos import command_length

_PDV = struct.Struct(">IBB")
_COMMAND, _LAST = 1, 2


class StorageLoop:
    """Serves one association until it is released; raises what ended it otherwise."""

    def __init__(self, door: Door, wire: Wire, peer: Peer, agreement: Agreement, *, is_dicos: bool) -> None:
        self._door = door
        self._wire = wire
        self._peer = peer
        self._contexts = agreement.contexts
        self._is_dicos = is_dicos
        self._pdu_left = 0
        self._value_left = 0
        self._context_id = 0
        self._control = 0
        self._command_bytes = bytearray()
        self._command: Command | None = None
        self._object: Incoming | None = None
        self._pieces: list[memoryview] = []
        self._is_released = False

    def run(self) -> None:
        """Read until the peer asks for the release.

        Raises
        ------
        GarbledError, GoneError, SilentError
            What ended the association; nothing of an unfinished object stays.
        """
        first = memoryview(bytearray(64))
        try:
            # An association that stands idle holds no buffer.
            rest = self._fill(first, 0)
            buffer = memoryview(bytearray(RECEIVE_BUFFER_BYTES))
            buffer[:rest] = first[:rest]
            while not self._is_released:
                rest = self._fill(buffer, rest)
        finally:
            if self._object is not None:
                self._object.discard()

    def _fill(self, buffer: memoryview, rest: int) -> int:
        """Read once behind the few bytes that were left over, take all that is whole, and return what is left."""
        end = rest + self._wire.receive(buffer[rest:])
        used = self._take(buffer[:end])
        if self._pieces:
            self._write_pieces()
        rest = end - used
        buffer[:rest] = buffer[used:end]
        return rest

    def _take(self, data: memoryview) -> int:
        """Take PDU heads, value heads and values in turn; returns how far."""
        position, end = 0, len(data)
        while not self._is_released:
            if self._value_left:
                taken = min(self._value_left, end - position)
                self._fragment(data[position : position + taken])
                position += taken
                self._value_left -= taken
                if self._value_left:
                    break
                self._end_of_value()
            elif end - position < 6:
                break
            elif self._pdu_left:
                self._begin_value(*_PDV.unpack_from(data, position))
                position += 6
            else:
                self._begin_pdu(*pdu.head(data[position : position + 6]))
                position += 6
        return position

    def _begin_pdu(self, kind: int, length: int) -> None:
        if kind == pdu.DATA:
            if not 6 <= length <= pdu.PDU_BYTES:
                raise GarbledError(f"a data PDU of {length} bytes, at most {pdu.PDU_BYTES} were offered")
            self._pdu_left = length
        elif kind == pdu.RELEASE:
            self._wire.send(pdu.released())
            self._is_released = True
        elif kind == pdu.ABORT:
            raise GoneError("the peer aborted")
        elif 1 <= kind <= pdu.ABORT:
            raise GarbledError(f"a PDU of type {kind} may not come now", pdu.UNEXPECTED)
        else:
            raise GarbledError(f"there is no PDU of type {kind}", pdu.UNRECOGNISED)

    def _begin_value(self, length: int, context_id: int, control: int) -> None:
        if not 2 <= length <= self._pdu_left - 4 or 0 < self._pdu_left - 4 - length < 6:
            raise GarbledError(f"a data value of {length} bytes in a PDU of which {self._pdu_left} bytes are left")
        if context_id not in self._contexts:
            raise GarbledError(f"presentation context {context_id} was not agreed on")
        if self._command is not None and (control & _COMMAND or context_id != self._context_id):
            raise GarbledError("a command where the data set of the one before should go on", pdu.UNEXPECTED)
        if self._command is None and not control & _COMMAND:
            raise GarbledError("a data set without a command", pdu.UNEXPECTED)
        self._pdu_left -= 4 + length
        self._value_left = length - 2
        self._context_id = context_id
        self._control = control
        if not self._value_left:
            # An empty value that is not the last moves nothing on: a peer could send them for ever.
            if not control & _LAST:
                raise GarbledError("an empty data value that is not the last")
            self._end_of_value()

    def _fragment(self, piece: memoryview) -> None:
        if not self._control & _COMMAND:
            self._pieces.append(piece)
            return
        self._command_bytes += piece
        if self._is_dicos:
            self._split_command()
        if len(self._command_bytes) > commands.COMMAND_BYTES_MAX:
            raise GarbledError(f"a command set above {commands.COMMAND_BYTES_MAX} bytes")

    def _split_command(self) -> None:
        """Take the first bytes of the data set out of the fragment that the command set came in."""
        end = command_length(self._command_bytes)
        if end is None or len(self._command_bytes) <= end:
            return
        rest = memoryview(bytes(self._command_bytes[end:]))
        del self._command_bytes[end:]
        self._end_of_command()
        if self._command is None:
            raise GarbledError("bytes after a command set that has no data set")
        self._control &= _LAST
        self._pieces.append(rest)

    def _end_of_value(self) -> None:
        is_complete = (
            self._is_dicos
            and self._control == _COMMAND
            and command_length(self._command_bytes) == len(self._command_bytes)
        )
        if not self._control & _LAST and not is_complete:
            return
        if self._control & _COMMAND:
            self._end_of_command()
        else:
            self._end_of_data_set()

    def _end_of_command(self) -> None:
        command = commands.command(self._command_bytes)
        self._command_bytes = bytearray()
        if command.field & commands.RESPONSE:
            raise GarbledError("a response to a request that was never made", pdu.UNEXPECTED)
        if command.field == commands.C_STORE and command.has_data_set:
            context = self._contexts[self._context_id]
            self._object = Incoming(self._door, self._peer, command, context)
        if command.has_data_set:
            self._command = command
        elif command.field == commands.C_ECHO:
            is_agreed = self._contexts[self._context_id][0] == VERIFICATION
            self._answer(command, commands.SUCCESS if is_agreed else commands.CLASS_NOT_SUPPORTED)
        elif command.field != commands.C_CANCEL:
            self._answer(command, commands.UNRECOGNISED_OPERATION)

    def _end_of_data_set(self) -> None:
        self._write_pieces()
        command, incoming = self._command, self._object
        self._command = self._object = None
        if command is None:
            return
        if incoming is None:
            self._answer(command, commands.UNRECOGNISED_OPERATION)
            return
        self._answer(command, *incoming.finish())

    def _write_pieces(self) -> None:
        if self._object is not None:
            self._object.write(self._pieces)
        self._pieces = []

    def _answer(self, command: Command, status: int, comment: str = "") -> None:
        self._wire.send(pdu.data(self._context_id, commands.response(command, status, comment)))
