package io.embark.bench;

import io.embark.cli.embed.TaskSize;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Time of a run from what its parts cost. A place is what computes: a GPU with the cores that feed
 * it.
 *
 * <p>On a GPU, the host's work goes on beside the model's, so that the slower of the two counts.
 * The input is read twice, once to count and once to embed; staged files are read once more, of
 * which only the account columns. docs/scaling.md says where the numbers come from.
 *
 * @param deviceTokensPerSecond that a place computes when it never waits
 * @param cores that feed a place
 * @param hostMicrosPerToken of one core: tokenising, mostly
 * @param hostMicrosPerRow of one core: reading, converting and writing a vector
 * @param passMicrosPerRow of one core: reading texts to count them, and reading accounts back
 * @param startSeconds until tasks begin: Spark, executors, the slowest session
 * @param runSeconds that every run costs however small: jobs, checks, publishing
 * @param bytesPerRow text read and vector written
 * @param storageBytesPerSecond of all places together
 */
record CostModel(
    double deviceTokensPerSecond,
    int cores,
    double hostMicrosPerToken,
    double hostMicrosPerRow,
    double passMicrosPerRow,
    double startSeconds,
    double runSeconds,
    double bytesPerRow,
    double storageBytesPerSecond) {

  /**
   * What one run takes.
   *
   * @param seconds by part; their sum is the time of the run
   * @param bottleneck what sets the pace while rows are embedded
   */
  record Estimate(Map<String, Double> seconds, String bottleneck) {
    /** All parts together, in seconds. */
    double total() {
      return seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    }
  }

  /** What the cores of one place can feed, in tokens per second. */
  double hostTokensPerSecond(double tokensPerRow) {
    return 1e6 * cores / (hostMicrosPerToken + hostMicrosPerRow / tokensPerRow);
  }

  /**
   * Estimates a run.
   *
   * @param tokensPerRow that the model sees, the mean
   * @param places that take part
   * @param tasksPerPlace that run there at the same time
   */
  Estimate estimate(double rows, double tokensPerRow, int places, int tasksPerPlace) {
    double tokens = rows * tokensPerRow;
    double device = deviceTokensPerSecond;
    double host = hostTokensPerSecond(tokensPerRow);
    double storage = storageBytesPerSecond * tokensPerRow / bytesPerRow / places;
    double pace = Math.min(device, Math.min(host, storage));
    int slots = places * tasksPerPlace;
    int tasks = TaskSize.ofSpeed(places * pace / slots).tasks((long) tokens, slots);
    double even = tokens / (places * pace);
    Map<String, Double> seconds = new LinkedHashMap<>();
    seconds.put("start", startSeconds);
    seconds.put("embed", even);
    seconds.put("last wave", TaskSize.embedSeconds(tokens, places * pace, slots, tasks) - even);
    seconds.put("count and check", rows * passMicrosPerRow / 1e6 / (places * (double) cores));
    seconds.put("fixed", runSeconds);
    return new Estimate(seconds, pace == device ? "model" : pace == host ? "host" : "storage");
  }
}
