"""What speaks to a video vendor with a specialist's secrets."""

from consulta.features.video_configs.flows.checking import check
from consulta.features.video_configs.flows.studio import Studio, provider_of

__all__ = ["Studio", "check", "provider_of"]
