"""`/hooks`: what other systems tell by themselves, each verified by its sender's own signature before it is read."""
