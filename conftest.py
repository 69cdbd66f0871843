"""What pytest must know before it collects anything."""

from importlib.util import find_spec

# The doctests of a file whose heavy library is not installed cannot run. Each such file is named
# here with its libraries, so that an import that fails anywhere else is an error.
TRAIN = ("torch", "transformers", "trl", "peft", "datasets", "accelerate")
HEAVY = {
    "src/hydrometer/models/transformers.py": ("torch", "transformers"),
    "src/hydrometer/models/llama_cpp.py": ("llama_cpp",),
    **{
        f"src/hydrometer/distill/train/{name}.py": TRAIN
        for name in (
            *("assemble", "base", "cached", "capture", "losses", "online", "run", "trainer"),
            "trl116",
        )
    },
}

collect_ignore = [
    path for path, libraries in HEAVY.items() if any(find_spec(name) is None for name in libraries)
]
