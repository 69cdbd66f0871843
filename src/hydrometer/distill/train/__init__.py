"""Training on transformers, accelerate and TRL; importing this package imports none of them."""
