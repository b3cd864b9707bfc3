"""What Piccolo's own command line needs to know of the schema."""

from piccolo.conf.apps import AppConfig

from stem_logistics.db.migrating import APP_NAME, FOLDER

APP_CONFIG = AppConfig(app_name=APP_NAME, migrations_folder_path=str(FOLDER))
