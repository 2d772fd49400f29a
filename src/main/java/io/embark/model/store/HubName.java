package io.embark.model.store;

import io.embark.UserError;
import io.embark.model.ModelFiles;
import io.embark.model.ModuleList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model by its name on the Hugging Face hub, looked for in the cache that Hugging Face's own
 * programs keep on this host. Nothing is downloaded.
 *
 * <p>The cache has a folder {@code models--ORG--NAME} for each; in it {@code refs/BRANCH} holds a
 * commit, and {@code snapshots/COMMIT} that commit's files as links.
 *
 * @param text as the user wrote it
 * @param repository {@code ORG/NAME}
 * @param revision a branch or a full commit; {@code main} unless told otherwise
 */
record HubName(String text, String repository, String revision) {
  private static final Logger LOG = LoggerFactory.getLogger(HubName.class);
  private static final String PART = "[A-Za-z0-9][\\w.-]*";
  private static final Pattern NAME =
      Pattern.compile("(%1$s/%1$s)(?:@([\\w./-]+))?".formatted(PART));

  /** Reads a name; empty if it cannot be one. */
  static Optional<HubName> of(String text) {
    Matcher name = NAME.matcher(text.strip());
    if (!name.matches()) {
      return Optional.empty();
    }
    String revision = name.group(2) == null ? "main" : name.group(2);
    boolean leaves = revision.startsWith("/") || ("/" + revision + "/").contains("/../");
    return leaves ? Optional.empty() : Optional.of(new HubName(text, name.group(1), revision));
  }

  /** Whether this may be the last part of a hub's name, of which the first part is missing. */
  static boolean isLastPart(String text) {
    return text.strip().matches(PART);
  }

  /**
   * The snapshot's directory.
   *
   * @param cache the Hugging Face cache
   * @param modelFile as in {@link ModelFiles#of}
   * @throws UserError if the cache does not hold it, or no graph or static matrix of it, with the
   *     ways to one
   */
  Path find(Path cache, String modelFile) throws IOException {
    Path model = cache.resolve("models--" + repository.replace("/", "--"));
    if (!Files.isDirectory(model)) {
      throw missing("there is no folder " + model);
    }
    Path branch = model.resolve("refs").resolve(revision);
    String commit =
        Files.isRegularFile(branch)
            ? Files.readString(branch, StandardCharsets.UTF_8).strip()
            : revision;
    Path snapshot = model.resolve("snapshots").resolve(commit.isEmpty() ? "none" : commit);
    if (!Files.isDirectory(snapshot)) {
      throw missing(
          commit.equals(revision)
              ? "%s has neither a file refs/%s nor a folder snapshots/%2$s"
                  .formatted(model, revision)
              : "%s names the commit %s, and there is no folder %s"
                  .formatted(branch, commit, snapshot));
    }
    try {
      ModelFiles.in(snapshot, modelFile, text);
    } catch (UserError e) {
      throw new UserError(
          "%s (Looked at %s, in the Hugging Face cache.) %s"
              .formatted(e.getMessage(), snapshot, waysOut()),
          e);
    }
    if (!Files.exists(snapshot.resolve(ModuleList.FILE))) {
      LOG.warn(
          "{} holds no modules.json. If model {} has one on the hub, fetch all of its files, or its"
              + " vectors will not be pooled as it wants: hf download {}",
          snapshot,
          text,
          repository);
    }
    return snapshot;
  }

  private UserError missing(String why) {
    return new UserError(
        ("Model %s does not exist: there is no directory %s, and if it is the name of a model on the"
                + " Hugging Face hub, this host's cache does not hold it: %s. %s")
            .formatted(text, Path.of(text).toAbsolutePath(), why, waysOut()));
  }

  private String waysOut() {
    return waysOut(repository, revision.equals("main") ? "" : " --revision " + revision);
  }

  /** How a model of the hub becomes one that Embark opens. */
  static String waysOut(String repository, String revision) {
    return ("Embark downloads nothing. If the repository has a folder onnx/, or is a static model,"
            + " fill the cache: hf download %1$s%2$s. Otherwise export it, and give the directory"
            + " instead of the name: python -c 'from sentence_transformers import"
            + " SentenceTransformer; SentenceTransformer(\"%1$s\","
            + " backend=\"onnx\").save_pretrained(\"DIR\")' (pip install"
            + " sentence-transformers[onnx]); of a model that is not one of sentence-transformers:"
            + " optimum-cli export onnx --task feature-extraction --model %1$s DIR")
        .formatted(repository, revision);
  }
}
