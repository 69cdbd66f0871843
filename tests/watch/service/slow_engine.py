"""An engine whose disk is slow: the real log behind a wait before each commit."""

import sys
import time

from hydrometer.store.log import EventLog
from hydrometer.watch.service.engine import run

SECONDS = float(sys.argv[1])


class SlowLog(EventLog):
    def append(self, batch):
        time.sleep(SECONDS)
        return super().append(batch)


sys.exit(run(int(sys.argv[2]), open_log=SlowLog))
