# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A test flight from the machine that runs the module."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ..._errors import MeshyardError
from .output import Output

_TURN = 0.5  # seconds between two questions whether the run still exists
_SPARE = 10


def send(command: Sequence[str], longest: float, alive: Callable[[], None]) -> Output:
    """Runs fortio to its end.

    :param longest: seconds after which it is over in any case. :param alive: raises when the run is gone, which ends fortio, too.
    :raises MeshyardError: there is no fortio, or the run is gone.
    """
    try:
        return asyncio.run(_run(command, longest + _SPARE, alive))
    except OSError as problem:
        raise MeshyardError(
            f"The program {command[0]} cannot be run: {problem.strerror or problem}.",
            "Install fortio where this module runs, or name it in binary_path.",
        ) from problem


async def _run(command: Sequence[str], seconds: float, alive: Callable[[], None]) -> Output:
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe)
    ends = asyncio.get_running_loop().time() + seconds
    talk = asyncio.ensure_future(program.communicate())
    try:
        while not (await asyncio.wait({talk}, timeout=_TURN))[0]:
            alive()
            if asyncio.get_running_loop().time() > ends:
                program.kill()
    except BaseException:
        program.kill()
        await talk
        raise
    said, errors = await talk
    return Output(program.returncode or 0, said.decode(errors="replace"), errors.decode(errors="replace"))
