package io.embark.table;

import io.embark.post.LinearVectorModel;
import java.io.IOException;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The maps that a table's vectors went through after the model, kept with the table for later rows
 * and queries: under {@code _embark/post}, each in a folder named by the first digits of its
 * fingerprint.
 */
public record KeptMaps(TableDirectory table) {
  private static final String FOLDER = TableDirectory.RECORDS + "/post";
  private static final int DIGITS = 16;

  /** The folder of the map with a fingerprint, below a table's directory. */
  public static String place(String fingerprint) {
    return FOLDER + "/" + fingerprint.substring(0, Math.min(DIGITS, fingerprint.length()));
  }

  /** {@link #place} in this table. */
  public Path of(String fingerprint) {
    return new Path(table.path(), place(fingerprint));
  }

  public boolean holds(String fingerprint) throws IOException {
    return table.files().exists(of(fingerprint));
  }

  public void keep(LinearVectorModel map) throws IOException {
    map.write().overwrite().save(of(map.fingerprint()).toString());
    LocalDisk.syncTree(table.files(), of(map.fingerprint()));
    LocalDisk.syncFolder(table.files(), of(map.fingerprint()).getParent());
  }

  /** Removes all maps but these. */
  public void retain(Collection<String> fingerprints) throws IOException {
    Set<String> kept = fingerprints.stream().map(f -> of(f).getName()).collect(Collectors.toSet());
    Path folder = new Path(table.path(), FOLDER);
    for (FileStatus map : table.list(folder)) {
      if (!kept.contains(map.getPath().getName())) {
        table.files().delete(map.getPath(), true);
      }
    }
    if (kept.isEmpty()) {
      table.files().delete(folder, true);
    }
  }
}
