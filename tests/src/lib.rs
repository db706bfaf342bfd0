//! Contract tests against a live Worker; see `tests/`.
