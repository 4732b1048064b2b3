"""Keeping what people did, and forgetting it: backups that can be restored anywhere, deletion of one person's data.

`backup` makes a folder with a consistent copy of everything while the server goes on, `restore` puts it into an empty
store of either kind, `forget` deletes a person from every table and from the bytes of the files, and says what stays.
"""

from ._backup import Backup as Backup
from ._backup import backup as backup
from ._backup import restore as restore
from ._forget import Forgotten as Forgotten
from ._forget import forget as forget
from ._routes import keep_routes as keep_routes
