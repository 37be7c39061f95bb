"""Dialogues with a known outcome: an entry quiz for newcomers, and controls among the others.

A practice place touches neither its dialogue's places nor its stage, and its decision settles
nothing. A control must look like any other dialogue to whoever has it (`masking`); a quiz says so,
and its answers are followed by how the dialogue was settled (`answers`).
"""
