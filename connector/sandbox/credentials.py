"""The sandbox's fixed credentials: good for the pretend services and for nothing else."""

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - pretend
REFRESH_TOKEN = "sandbox-refresh-token"  # noqa: S105 - pretend
REALM_ID = "4620816365000000000"
CAKE_KEY = "sandbox-cake-key"
COMMISSION_FACTORY_KEY = "sandbox-commission-factory-key"
