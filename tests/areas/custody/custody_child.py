"""Write entries to a chain until killed; each acknowledged entry's number is printed once it is durable."""

from __future__ import annotations

import sys

from kerma.app import open_kernel
from kerma.areas.custody.actions import TAKE, Told
from kerma.kernel.identity import actor_of_person

item, person_id = sys.argv[1], int(sys.argv[2])
kernel = open_kernel()
with kernel.database.read() as connection:
    actor = actor_of_person(connection, person_id)
print("ready", flush=True)
while True:
    done = TAKE["examine"](kernel, actor, item=item, told=Told(text="looked at"))
    print(done.number, flush=True)
