"""Import every module without an extra; what needs one must say which line to type."""

import importlib
import pkgutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import hydrometer
from hydrometer.errors import MissingExtra

HEAVY = {"hydrometer.models.transformers", "hydrometer.models.llama_cpp"}
HEAVY |= {"hydrometer.watch.service.app", "hydrometer.watch.service.run"}
HEAVY |= {
    f"hydrometer.distill.train.{name}"
    for name in (
        *("assemble", "base", "cached", "capture", "losses", "online", "run", "trainer"),
        "trl116",
    )
}

for name in ("torch", "transformers", "trl", "ray", "llama_cpp"):
    if importlib.util.find_spec(name):
        sys.exit(f"{name} is installed: this is not the core alone")

count = 0
for module in pkgutil.walk_packages(hydrometer.__path__, "hydrometer."):
    if module.name not in HEAVY:
        importlib.import_module(module.name)
        count += 1
print(f"{count} modules imported from {Path(hydrometer.__file__).parent.parent.name}")

done = subprocess.run(
    [str(Path(sys.executable).with_name("hydrometer")), "--help"],
    capture_output=True, text=True, check=True,
)  # fmt: skip
assert "Usage: hydrometer" in done.stdout

from hydrometer.models.spec import Spec, open_model  # noqa: E402
from hydrometer.store.ray import RayStore  # noqa: E402


def clock() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


for extra, act in {
    "models": lambda: open_model(Spec("hf", "nowhere"), clock=clock, seed=0),
    "gguf": lambda: open_model(Spec("gguf", "nowhere"), clock=clock, seed=0),
    "ray": RayStore,
}.items():
    try:
        act()
        said = "nothing"
    except MissingExtra as err:
        said = str(err)
    print(said)
    if f"pip install 'hydrometer[{extra}]'" not in said:
        sys.exit(f"nothing says that the extra {extra} is missing, and how to get it")
