"""Administration of an ocilot registry: `registry.admin`, one method for each operation of `/api/v1`.

>>> [account.name for account in registry.admin.accounts.list()]
['carol']
"""
