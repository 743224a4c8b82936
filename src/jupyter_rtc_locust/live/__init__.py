"""The picture of a run while it goes on: what people look at, and programs ask for. No verdict rests on it."""
