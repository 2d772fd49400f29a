package io.embark.vector;

/** Names in a vector column's metadata, of what says how its vectors were made. */
public final class VectorMetadata {
  /** Of our own part of the metadata, which holds the others. */
  public static final String KEY = "embark";

  /** SHA-256 of all that made the vectors: the model, and the map after it if there is one. */
  public static final String FINGERPRINT = "fingerprint";

  /** SHA-256 of the model alone, where a map came after it. */
  public static final String MODEL_FINGERPRINT = "modelFingerprint";

  /** Values per vector. */
  public static final String DIMENSION = "dimension";

  /** Values per vector before the map, where there is one. */
  public static final String MODEL_DIMENSION = "modelDimension";

  /** The map that the model's vectors went through, in words; absent if there is none. */
  public static final String POST = "post";

  /** SHA-256 of the numbers of that map. */
  public static final String POST_FINGERPRINT = "postFingerprint";

  /** How many vectors the map was fitted on. */
  public static final String POST_ROWS = "postRows";

  private VectorMetadata() {}
}
