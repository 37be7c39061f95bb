"""How far judges may be trusted, estimated from what people decided on what was drawn."""
