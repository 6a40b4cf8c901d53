"""The question where a public name of TensorFlow or Keras lived."""

from tfmac.schema.api_history import ApiPage


def api_name(name: str) -> ApiPage:
    """Tell in which releases a name lived, and what stands in for it.

    Raises ``InvalidApiName`` for what cannot be a name.
    """
    from tfmac.knowledge.api_history import look_up

    return look_up(name)
