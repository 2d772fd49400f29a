package io.embark.cluster;

import static org.apache.spark.launcher.JavaModuleOptions.defaultModuleOptions;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A Spark standalone cluster of separate JVMs on this machine: one master and some workers, started
 * from the assembled distribution (system property {@code embark.dist}), reachable over loopback
 * only. Closing it, or the end of this JVM, ends every process it started.
 *
 * <pre>{@code
 * try (var cluster = StandaloneCluster.in(temporaryDirectory).workers(2).start()) {
 *   Run run = cluster.embed(Duration.ofMinutes(2), "--output", out.toString()).succeeded();
 * }
 * }</pre>
 */
public final class StandaloneCluster implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Pattern MASTER_URL =
      Pattern.compile("Starting Spark master at (spark://\\S+)");
  private static final Pattern MASTER_PAGE =
      Pattern.compile("Bound MasterWebUI to \\S+ and started at (http://\\S+)");

  /** Quickly compiled: nothing here runs long enough for the better code to pay. */
  private static final String COMPILED_QUICKLY = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  private static final Pattern ALIVE_WORKER = Pattern.compile("\"state\"\\s*:\\s*\"ALIVE\"");

  private final Settings settings;
  private final Path distribution;
  private final Path sparkHome;
  private final List<TestJvm> processes = new ArrayList<>();
  private final List<TestJvm> workers = new ArrayList<>();
  private final Thread atExit = new Thread(this::endProcesses);
  private String masterUrl;
  private String masterPage;
  private int runs;

  /** What a cluster is started with; every method but the last returns this. */
  public static final class Settings {
    private final Path directory;
    private int workers = 2;
    private int cores = 1;
    private int memoryMiB = 1024;
    private int gpus;
    private Path gpuDiscovery;
    private Path sparkHome;
    private boolean librariesInPlace;
    private boolean hostsApart;

    private Settings(Path directory) {
      this.directory = directory.toAbsolutePath();
    }

    /** Number of workers, 2 unless set. */
    public Settings workers(int count) {
      workers = count;
      return this;
    }

    /** Cores each worker offers, 1 unless set. */
    public Settings cores(int perWorker) {
      cores = perWorker;
      return this;
    }

    /** Memory each worker offers, and heap of its one executor, in MiB; 1,024 unless set. */
    public Settings memoryMiB(int perWorker) {
      memoryMiB = perWorker;
      return this;
    }

    /** GPUs that each worker claims to have, with the addresses 0, 1 ...; none unless set. */
    public Settings gpus(int perWorker) {
      gpus = perWorker;
      return this;
    }

    /** As {@link #gpus(int)}, with the addresses that {@code script} finds. */
    public Settings gpus(int perWorker, Path script) {
      gpus = perWorker;
      gpuDiscovery = script.toAbsolutePath();
      return this;
    }

    /** Runs on the Spark in this folder instead of the one in the distribution. */
    public Settings spark(Path home) {
      sparkHome = home.toAbsolutePath();
      return this;
    }

    /**
     * Executors read Embark's libraries where they lie, instead of each getting 0.5 GB of copies.
     */
    public Settings librariesInPlace() {
      librariesInPlace = true;
      return this;
    }

    /**
     * Gives each worker a loopback address of its own, so that Spark takes them for hosts: it runs
     * a second attempt at a slow task on another host only. Linux only.
     */
    public Settings hostsApart() {
      hostsApart = true;
      return this;
    }

    /** Starts the processes and returns when every worker has registered. */
    public StandaloneCluster start() {
      StandaloneCluster cluster = new StandaloneCluster(this);
      try {
        cluster.startProcesses();
        return cluster;
      } catch (IOException e) {
        cluster.close();
        throw new UncheckedIOException(e);
      } catch (RuntimeException | Error e) {
        cluster.close();
        throw e;
      }
    }
  }

  /** A cluster that keeps its logs and work directories in {@code directory}, which must exist. */
  public static Settings in(Path directory) {
    return new Settings(directory);
  }

  private StandaloneCluster(Settings settings) {
    this.settings = settings;
    String dist = System.getProperty("embark.dist");
    if (dist == null || !Files.isDirectory(Path.of(dist, "spark", "jars"))) {
      throw new IllegalStateException(
          "system property embark.dist is "
              + dist
              + "; want the folder that `mvn package` assembles, target/embark-<version>");
    }
    distribution = Path.of(dist).toAbsolutePath();
    sparkHome = settings.sparkHome == null ? distribution.resolve("spark") : settings.sparkHome;
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  private void startProcesses() throws IOException {
    Files.createDirectories(settings.directory.resolve("no-conf"));
    TestJvm master =
        daemon(
            "master",
            "127.0.0.1",
            "org.apache.spark.deploy.master.Master",
            "--port",
            "0",
            "--webui-port",
            "0");
    masterUrl = master.awaitInLog(MASTER_URL, START_LIMIT);
    masterPage = master.awaitInLog(MASTER_PAGE, START_LIMIT);
    Path properties =
        Files.writeString(settings.directory.resolve("worker.properties"), gpuLines());
    for (int i = 0; i < settings.workers; i++) {
      workers.add(
          daemon(
              "worker-" + i,
              settings.hostsApart ? "127.0.0." + (i + 1) : "127.0.0.1",
              "org.apache.spark.deploy.worker.Worker",
              "--port",
              "0",
              "--webui-port",
              "0",
              "--cores",
              Integer.toString(settings.cores),
              "--memory",
              settings.memoryMiB + "m",
              "--work-dir",
              Files.createDirectories(workDirectory(i)).toString(),
              "--properties-file",
              properties.toString(),
              masterUrl));
    }
    TestJvm.await(
        settings.workers + " workers in " + settings.directory,
        START_LIMIT,
        () -> aliveWorkers() == settings.workers ? true : null);
  }

  private String gpuLines() throws IOException {
    if (settings.gpus == 0) {
      return "";
    }
    Path script = settings.gpuDiscovery;
    if (script == null) {
      List<String> addresses =
          IntStream.range(0, settings.gpus).mapToObj(i -> "\"" + i + "\"").toList();
      script =
          Files.writeString(
              settings.directory.resolve("gpus.sh"),
              "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": " + addresses + "}'\n");
      if (!script.toFile().setExecutable(true)) {
        throw new IOException("cannot make " + script + " executable");
      }
    }
    return "spark.worker.resource.gpu.amount "
        + settings.gpus
        + "\nspark.worker.resource.gpu.discoveryScript "
        + script
        + "\n";
  }

  private TestJvm daemon(String name, String host, String mainClass, String... args) {
    List<String> command = new ArrayList<>(java("-Xmx256m"));
    command.addAll(List.of(mainClass, "--host", host));
    command.addAll(List.of(args));
    Map<String, String> environment = daemonEnvironment();
    environment.put("SPARK_LOCAL_IP", host);
    // A worker's executors inherit it.
    environment.put("JAVA_TOOL_OPTIONS", COMPILED_QUICKLY);
    return started(name, command, environment);
  }

  private TestJvm started(String name, List<String> command, Map<String, String> environment) {
    TestJvm process = new TestJvm(name, command, environment, settings.directory);
    synchronized (processes) {
      processes.add(process);
    }
    return process;
  }

  private List<String> java(String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(List.of(defaultModuleOptions().trim().split("\\s+")));
    command.addAll(List.of("-cp", sparkHome.resolve("jars") + "/*"));
    return command;
  }

  private static Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("SPARK_LOCAL_IP", "127.0.0.1");
    return environment;
  }

  /** Spark's own default settings and log, whatever lies on this machine. */
  private Map<String, String> daemonEnvironment() {
    Map<String, String> environment = environment();
    environment.put("SPARK_HOME", sparkHome.toString());
    environment.put("SPARK_SCALA_VERSION", "2.12");
    environment.put("SPARK_CONF_DIR", settings.directory.resolve("no-conf").toString());
    return environment;
  }

  private int aliveWorkers() {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(masterPage + "/json/"))
            .timeout(Duration.ofSeconds(5))
            .build();
    try {
      String json =
          HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
      return (int) ALIVE_WORKER.matcher(json).results().count();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  /** {@code spark://127.0.0.1:port}. */
  public String masterUrl() {
    return masterUrl;
  }

  /**
   * Where worker {@code index} keeps what its executors print: {@code app-.../<executor>/stderr}.
   */
  public Path workDirectory(int index) {
    return settings.directory.resolve("work-" + index);
  }

  /**
   * What every executor of every application so far has printed to standard error, one string each.
   */
  public List<String> executorLogs() {
    List<String> logs = new ArrayList<>();
    for (int i = 0; i < settings.workers; i++) {
      try (Stream<Path> files = Files.find(workDirectory(i), 3, (p, a) -> p.endsWith("stderr"))) {
        for (Path file : files.sorted().toList()) {
          logs.add(Files.readString(file));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return logs;
  }

  /**
   * The executor processes that run now; with {@code count} of them at least, waiting for those.
   */
  public List<ProcessHandle> executors(int count) {
    return TestJvm.await(
        count + " executors",
        START_LIMIT,
        () -> {
          List<ProcessHandle> found =
              workers.stream()
                  .flatMap(worker -> worker.handle().children())
                  .filter(StandaloneCluster::isExecutor)
                  .toList();
          return found.size() >= count ? found : null;
        });
  }

  /** A worker has other children too, for a moment: commands, and what starts an executor. */
  private static boolean isExecutor(ProcessHandle child) {
    return child.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend");
  }

  /**
   * The flags for spark-submit to run here on all cores, with one executor per worker, starting
   * when all are there.
   */
  public List<String> sparkFlags() {
    return List.of(
        "--master",
        masterUrl,
        "--executor-memory",
        settings.memoryMiB + "m",
        "--conf",
        "spark.cores.max=" + settings.workers * settings.cores,
        "--conf",
        "spark.scheduler.minRegisteredResourcesRatio=1.0",
        "--conf",
        // Half a minute is too short where much else runs.
        "spark.scheduler.maxRegisteredResourcesWaitingTime=120s",
        "--conf",
        "spark.ui.enabled=false");
  }

  /** Runs {@code jobs/embed.sh} of the distribution here with Embark's flags {@code args}. */
  public Run embed(Duration limit, String... args) {
    return embed(limit, List.of(), args);
  }

  /** As {@link #embed(Duration, String...)}, with more flags for spark-submit. */
  public Run embed(Duration limit, List<String> moreSparkFlags, String... args) {
    return job("embed.sh", limit, moreSparkFlags, args);
  }

  /** Runs a script of {@code jobs/} in the distribution here. */
  public Run job(String script, Duration limit, List<String> moreSparkFlags, String... args) {
    try (TestJvm process = begin(script, Map.of(), moreSparkFlags, args)) {
      return process.awaitEnd(limit);
    }
  }

  /**
   * Starts a script of {@code jobs/} in the distribution here. Whoever closes the process kills its
   * driver with SIGKILL.
   *
   * @param more variables of its environment
   */
  TestJvm begin(
      String script, Map<String, String> more, List<String> moreSparkFlags, String... args) {
    List<String> command = new ArrayList<>();
    command.add(distribution.resolve("jobs").resolve(script).toString());
    command.addAll(List.of(args));
    command.add("--spark");
    command.addAll(sparkFlags());
    command.addAll(moreSparkFlags);
    Map<String, String> environment = environment();
    if (settings.sparkHome != null) {
      environment.put("SPARK_HOME", sparkHome.toString());
    }
    if (settings.librariesInPlace) {
      environment.put("EMBARK_LIBS", "local:" + distribution.resolve("lib"));
    }
    environment.putAll(more);
    return begin(command, environment);
  }

  /**
   * Runs the main method of a test class here. The class and its nested classes travel in a jar;
   * Embark's libraries are read where they lie.
   */
  public Run submit(
      Duration limit, Class<?> mainClass, List<String> moreSparkFlags, String... args) {
    String libraries = distribution.resolve("lib") + "/*";
    List<String> command = new ArrayList<>(java("-Xmx512m"));
    command.set(command.size() - 1, libraries + ":" + command.get(command.size() - 1));
    command.add("org.apache.spark.deploy.SparkSubmit");
    command.addAll(sparkFlags());
    command.addAll(List.of("--conf", "spark.executor.extraClassPath=" + libraries));
    command.addAll(moreSparkFlags);
    command.addAll(List.of("--class", mainClass.getName(), jarOf(mainClass).toString()));
    command.addAll(List.of(args));
    try (TestJvm process = begin(command, daemonEnvironment())) {
      return process.awaitEnd(limit);
    }
  }

  private TestJvm begin(List<String> command, Map<String, String> environment) {
    String name;
    synchronized (processes) {
      name = "run-" + runs++;
    }
    return started(name, command, environment);
  }

  /** A jar with a test class and its nested classes. */
  Path jarOf(Class<?> type) {
    Path jar = settings.directory.resolve(type.getSimpleName() + ".jar");
    try {
      Path classes = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path folder = classes.resolve(type.getPackageName().replace('.', '/'));
      String names = Pattern.quote(type.getSimpleName()) + "(\\$.*)?\\.class";
      try (OutputStream file = Files.newOutputStream(jar);
          JarOutputStream entries = new JarOutputStream(file);
          Stream<Path> candidates = Files.list(folder)) {
        for (Path path : candidates.sorted().toList()) {
          if (path.getFileName().toString().matches(names)) {
            entries.putNextEntry(new JarEntry(classes.relativize(path).toString()));
            Files.copy(path, entries);
          }
        }
      }
      return jar;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ends every process at once; again: nothing happens. */
  @Override
  public void close() {
    endProcesses();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // This JVM is ending, and the hook is running.
      return;
    }
  }

  private void endProcesses() {
    synchronized (processes) {
      processes.forEach(TestJvm::close);
      processes.clear();
    }
  }
}
