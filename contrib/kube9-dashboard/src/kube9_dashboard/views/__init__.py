"""The pages: each asks the source, has the model make sense of it, and draws."""
