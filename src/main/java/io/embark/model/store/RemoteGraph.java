package io.embark.model.store;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;

/**
 * A model of another file system named by one of its graphs. Which folder is the model's can only
 * be told by asking there.
 */
record RemoteGraph(String name, Configuration hadoop, Retries retries) implements ModelSource {

  @Override
  public String identity() {
    return name;
  }

  @Override
  public String state(String modelFile) throws IOException {
    NamedGraph named = named();
    return named.graph() + '\n' + model(named).state(named.graph());
  }

  @Override
  public void fill(Path directory, String modelFile) throws IOException {
    NamedGraph named = named();
    model(named).fill(directory, named.graph());
  }

  @Override
  public boolean far() {
    return true;
  }

  private NamedGraph named() throws IOException {
    var graph = new org.apache.hadoop.fs.Path(name);
    return NamedGraph.of(graph.toUri().getPath(), path -> files(path).isFile(), name);
  }

  private TreeModel model(NamedGraph named) {
    return new TreeModel(name, name, files(named.model() + "/"), true);
  }

  private HadoopFiles files(String path) {
    var uri = new org.apache.hadoop.fs.Path(name).toUri();
    var root = new org.apache.hadoop.fs.Path(uri.getScheme(), uri.getAuthority(), path);
    return new HadoopFiles(name, root, hadoop, retries);
  }
}
