"""An engine whose disk is slow: the real log behind a wait before each commit."""

import sys
import time

from hydrometer.store.log import EventLog
from hydrometer.watch.service.engine import run


class SlowLog(EventLog):
    def append(self, batch):
        time.sleep(float(sys.argv[1]))
        return super().append(batch)


if __name__ == "__main__":  # pytest looks into every module for examples
    sys.exit(run(int(sys.argv[2]), open_log=SlowLog))
