"""The language: what is computed, as algebra over Vars, Funcs and Inputs."""
