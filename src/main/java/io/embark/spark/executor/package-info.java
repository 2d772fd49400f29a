/**
 * Everything that one JVM of an application holds and shares between tasks: models, sessions,
 * tokenizers, leases on them, and the canary that compares their vectors. It sees {@code embed},
 * {@code model.store}, {@code spark.metrics} and {@code spark.gpu}.
 */
package io.embark.spark.executor;
