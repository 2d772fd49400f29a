"""Embeds each night what is new or changed: an Airflow 2 DAG (2.4 or newer). Change: EMBARK, ARGUMENTS, the schedule.
Airflow's worker needs SPARK_HOME in its environment, a Spark 3.5, and for YARN HADOOP_CONF_DIR.

Exit codes of the job: 0 and 4 (published, but some rows failed) succeed, 2 (bad usage) and 3 (a limit was passed, nothing
published) fail at once, as trying again would not help, and anything else is tried again: the same command goes on from the
slices that are done.
"""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.exceptions import AirflowException, AirflowFailException
from airflow.hooks.subprocess import SubprocessHook
from airflow.models.baseoperator import BaseOperator

EMBARK = "/opt/embark"
ARGUMENTS = [
    "--input", "s3a://bucket/texts",
    "--id-col", "id",
    "--output", "s3a://bucket/vectors",
    "--mode", "incremental",
    "--sync-deletes",
    "--max-lost-tokens", "1%",
    "--spark", "--master", "yarn", "--deploy-mode", "client",
]

PUBLISHED_WITH_FAILED_ROWS = 4
NO_USE_TRYING_AGAIN = {2: "a flag, a setting or the input is wrong", 3: "a limit was passed; nothing was published"}


class EmbarkOperator(BaseOperator):
    """Runs jobs/embed.sh where the Airflow worker is; its output is the task's log."""

    def __init__(self, *, arguments, **kwargs):
        super().__init__(**kwargs)
        self.arguments = arguments
        self.hook = None

    def execute(self, context):
        self.hook = SubprocessHook()
        code = self.hook.run_command(command=[EMBARK + "/jobs/embed.sh", *self.arguments]).exit_code
        if code in NO_USE_TRYING_AGAIN:
            raise AirflowFailException(f"Exit code {code}: {NO_USE_TRYING_AGAIN[code]}.")
        if code == PUBLISHED_WITH_FAILED_ROWS:
            self.log.warning("Published, but some rows failed.")
        elif code != 0:
            raise AirflowException(f"Exit code {code}: failed; the next try goes on from the slices that are done.")

    def on_kill(self):
        if self.hook is not None:
            self.hook.send_sigterm()


with DAG(
    dag_id="embark",
    schedule="15 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # A second run would be refused: the first holds the table's lock.
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},
) as dag:
    EmbarkOperator(task_id="embed", arguments=ARGUMENTS, execution_timeout=timedelta(hours=6))
