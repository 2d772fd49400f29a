package io.embark.model.store;

import java.nio.file.Path;

/**
 * Where a model is: in a directory of this host, or where it has to be copied from.
 *
 * @param name the model as messages and metadata call it
 * @param directory null if it has to be copied
 * @param source null if it lies here
 * @param modelFile the graph relative to the model's directory; null for the usual places
 */
record ModelPlace(String name, Path directory, ModelSource source, String modelFile) {}
