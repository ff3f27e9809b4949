"""What speaks to a video vendor about a meeting, or opens its link."""

from consulta.features.meetings.flows.arrange import arrange
from consulta.features.meetings.flows.join import Joining, join
from consulta.features.video_configs.flows import Studio

__all__ = ["Joining", "Studio", "arrange", "join"]
