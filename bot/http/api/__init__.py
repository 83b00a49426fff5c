"""`/api`: what pipelines tell and ask, over HTTP. Its bodies are the dialogues' own forms."""
