"""The tools that make environments: uv, venv and pip, conda and its relatives."""

from tfmac.environments.tools.protocol import EnvironmentTool, interpreter_of

__all__ = ["EnvironmentTool", "interpreter_of"]
