"""The database: engine, embedded cluster, migrations, unit of work, conflicts as domain errors."""
