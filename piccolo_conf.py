"""Where Piccolo finds the engine and the schema's history (`piccolo migrations …`)."""

from piccolo.conf.apps import AppRegistry

from stem_logistics.db.engine import ENGINE as DB

__all__ = ["APP_REGISTRY", "DB"]

APP_REGISTRY = AppRegistry(apps=["stem_logistics.db.piccolo_app"])
