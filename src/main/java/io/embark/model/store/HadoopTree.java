package io.embark.model.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.SortedMap;

/** A directory in a file system of Hadoop's. */
final class HadoopTree extends TreeSource {
  private final String uri;
  private final HadoopFiles files;

  HadoopTree(String uri, HadoopFiles files) {
    this.uri = uri;
    this.files = files;
  }

  @Override
  String name() {
    return uri;
  }

  @Override
  public String identity() {
    return uri.replaceAll("/+$", "");
  }

  @Override
  public boolean far() {
    return true;
  }

  @Override
  SortedMap<String, RemoteFile> list() throws IOException {
    return files.list();
  }

  @Override
  void copy(Collection<String> wanted, Path to) throws IOException {
    files.copy(wanted, to);
  }
}
