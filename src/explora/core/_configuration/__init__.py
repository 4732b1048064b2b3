"""Configurations: a part, written as JSON and built again from it.

A configuration *is* the unbuilt part, so there is no second layer of options: `spec` writes the fields of a part down,
`build` constructs it again, `flat` lists its fields by dotted path and `override` replaces some of them.

In the JSON, numbers, strings, booleans, null stand for themselves and an array for a tuple. Everything else is an
object with a `type`. A type with a dot in it is a class, its other entries are the fields; those without are:

| type | entries | stands for |
|---|---|---|
| `float` | `value` | `inf`, `-inf`, `nan`, which JSON cannot write |
| `list` | `items` | a list |
| `dict` | `items` | a dictionary, as an object if all keys are strings, else as pairs |
| `array` | `kind`, `dtype`, `shape`, `items` | a small array: `jax`, `numpy`, `scalar` or `key` |
| `dtype` | `name` | a data type |

Only classes that explora itself makes public, and those handed to `allow`, are ever looked up: a configuration that a
stranger wrote can choose among parts, but can neither import nor run anything else.
"""

from ._paths import flat as flat
from ._paths import override as override
from ._spec import JSON as JSON
from ._spec import build as build
from ._spec import spec as spec
from ._types import allow as allow
