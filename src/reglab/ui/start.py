"""What must be right before the server listens: it goes on, or ends with one sentence and exit status 2."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from streamlit import config
from streamlit.auth_util import get_secrets_auth_section, is_authlib_installed

from reglab.errors import RegLabError
from reglab.settings import load_hosts
from reglab.sharing import check_listening, load_provider, load_sign_in

_NEEDED = ("redirect_uri", "cookie_secret")
_PROVIDER = ("client_id", "client_secret", "server_metadata_url")


def secrets_of_server() -> dict[str, Any]:
    """What the settings add to Streamlit's secrets: the section ``[auth]``, where they have the provider.

    The server ends here where a setting is wrong, where others could reach it without sign-in, and where sign-in is
    wanted and cannot work.
    """
    try:
        load_hosts()
        check_listening(str(config.get_option("server.address") or ""))
        given = load_provider()
        if load_sign_in() is not None:
            check_provider(given or get_secrets_auth_section())
    except RegLabError as error:
        print(f"reglab: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    return {"auth": given} if given else {}


def check_provider(auth: Mapping[str, Any]) -> None:
    """Raise where sign-in cannot work with the section ``auth``; a provider may have a section in it."""
    if not is_authlib_installed():
        raise RegLabError("REGLAB_SIGN_IN=1 needs Authlib, which is not installed: pip install 'reglab[oidc]'.")
    providers = [auth, *(one for one in auth.values() if isinstance(one, Mapping))]
    missing = [name for name in _NEEDED if not auth.get(name)]
    if not any(all(one.get(name) for name in _PROVIDER) for one in providers):
        missing += [name for name in _PROVIDER if not auth.get(name)]
    if missing:
        raise RegLabError(
            f"REGLAB_SIGN_IN=1 needs a provider, and {', '.join(missing)} is missing from the section [auth] of "
            "Streamlit's secrets.toml; REGLAB_PUBLIC_URL, REGLAB_OIDC_URL and the secrets beside it give it too."
        )
    if len(str(auth["cookie_secret"])) < 32:
        raise RegLabError("The cookie secret must have at least 32 characters: openssl rand -hex 32 makes one.")
