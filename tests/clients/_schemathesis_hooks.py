"""What the schema cannot say: a batch names an environment once.

Drawn batches get other ids where one would be there twice, so that what the schema calls valid is.
"""

import schemathesis

N_ENVS = 512


@schemathesis.hook
def before_call(context, case, **kwargs):
    body = case.body
    if not isinstance(body, dict):
        return
    for name in ("items", "actions"):
        items = body.get(name)
        if isinstance(items, list):
            make_distinct([item for item in items if isinstance(item, dict)])


def make_distinct(items):
    seen = set()
    for item in items:
        env_id = item.get("env_id")
        # 7.0 is a whole number too, and True is none.
        if isinstance(env_id, bool) or env_id not in range(N_ENVS):
            continue
        if env_id in seen:
            env_id = next((idx for idx in range(N_ENVS) if idx not in seen), env_id)
            item["env_id"] = env_id
        seen.add(env_id)
