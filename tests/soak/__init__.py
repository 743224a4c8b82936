"""Many short runs on released servers, drawn at random from one seed: `make soak` (docs/tests.md)."""
