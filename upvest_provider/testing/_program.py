"""Runs a Pulumi program in a process of its own, as the CLI's `pulumi-language-python-exec` does."""

from __future__ import annotations

import asyncio
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

import pulumi
import pulumi.runtime


def main(  # noqa: PLR0917 - the process' arguments, in their order
    monitor: str, engine: str, project: str, stack: str, dry_run: str, root: str, program: str
) -> int:
    """Runs the program against a monitor and an engine; 1 if it failed, which the engine's log then tells."""
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=project,
            stack=stack,
            monitor=monitor,
            engine=engine,
            dry_run=dry_run == "true",
            organization="organization",
            root_directory=root,
        )
    )

    def run() -> None:
        # Of a program written anew within a second, and as long, Python would run what it compiled before.
        sys.dont_write_bytecode = True
        runpy.run_path(program, run_name="__main__")

    sys.argv = [program]
    # a program that ends before its time leaves futures behind, which is no news of asyncio's own
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # a thread for every registration on its way, so that none waits for another it does not depend on
    loop.set_default_executor(ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) * 16))
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
    except Exception:  # noqa: BLE001 - whatever it is, it is the program's
        pulumi.log.error(f"Program failed with an unhandled exception:\n{traceback.format_exc()}")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
