package io.embark.cli.embed;

import io.embark.UserError;
import io.embark.cli.JobSettings;
import io.embark.embed.Setting;
import io.embark.spark.path.Folder;
import io.embark.table.TableDirectory;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** An output that a run replaces: all that lies in it goes, but for Embark's own records. */
record ReplacedOutput(TableDirectory table, Configuration hadoop) {

  /**
   * Refuses a plan whose model or map would go with the rows that are there.
   *
   * @throws UserError naming it
   */
  void require(EmbedPlan plan) throws IOException {
    // The driver's copy, which may lie in a cache.
    Path file = new Path("file", null, plan.model().file().toAbsolutePath().toString());
    require(Setting.MODEL.key(), file);
    String model = plan.model().config().text(Setting.MODEL);
    if (model.contains("://")) {
      require(Setting.MODEL.key(), JobSettings.path(Setting.MODEL.key(), model, hadoop));
    }
    String map = plan.settings().get(EmbedSettings.POST).path();
    if (map != null) {
      Path path = JobSettings.path(EmbedSettings.POST.key(), map, hadoop);
      // The output itself is a table whose maps stay.
      if (!Folder.of(path, hadoop).holds(table.path())) {
        require(EmbedSettings.POST.key(), path);
      }
    }
  }

  private void require(String what, Path needed) throws IOException {
    Folder records = Folder.of(new Path(table.path(), TableDirectory.RECORDS), hadoop);
    if (Folder.of(table.path(), hadoop).holds(needed) && !records.holds(needed)) {
      throw new UserError(
          "output: %s holds the %s %s, which --mode overwrite would delete. Write somewhere else."
              .formatted(table.path(), what, needed));
    }
  }
}
