"""Sends one DICOS CT with Stratovan's toolkit; a process of its own, since its binding keeps the interpreter's lock."""

from __future__ import annotations

import sys

import pyDICOS


def main(port: int, path: str, mask: int) -> bool:
    ct, log = pyDICOS.CT(), pyDICOS.ErrorLog()
    if not ct.Read(pyDICOS.Filename(path), log, None):
        return False
    client = pyDICOS.DcsClient()
    client.SetServerPortandIP(port, pyDICOS.DcsString("127.0.0.1"))
    client.SetDestinationApplication(pyDICOS.DcsApplicationEntity("KERMA"))
    client.SetSourceApplication(pyDICOS.DcsApplicationEntity("SCANNER"))
    client.SetReadTimeoutInMilliseconds(10_000)
    sent = client.ConnectToServer() and client.StartDicosSession(mask) and ct.SendOverNetwork(client, log)
    client.StopDicosSession()
    client.DisconnectFromServer()
    return bool(sent)


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
