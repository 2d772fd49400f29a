package io.embark.model.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;

/**
 * A JVM that opens a model: {@code CACHE URI LOG HOW}. It prints the graph's path; {@code hold}
 * then keeps it open, {@code stall} stops for good in the middle of the first file.
 */
final class StoreProcess {
  private StoreProcess() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Configuration hadoop = new FarAway.Conf();
    hadoop.set("far.log", args[2]);
    if (args[3].equals("stall")) {
      FarAway.whenRead = StoreProcess::sleep;
    }
    ModelStore store =
        new ModelStore(
            new CacheSettings(Path.of(args[0]), 1L << 40, false, new CacheOwner(null)),
            hadoop,
            new Retries(3, 1),
            HostFolders.ofThisHost());
    Path graph = store.open(args[1], null).onnxFile();
    System.out.println(graph + " " + Files.size(graph));
    if (args[3].equals("hold")) {
      sleep();
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(600_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
