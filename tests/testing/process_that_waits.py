"""Waits for a signal."""

import signal
import sys

sys.stdout.write("ready\n")
sys.stdout.flush()
signal.pause()
