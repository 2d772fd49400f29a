package io.embark.deploy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Kubernetes documents held to their types: an unknown field or a wrong type is an error. */
final class StrictYaml {
  private static final Map<String, Class<?>> KINDS =
      Map.of(
          "v1/ServiceAccount", ServiceAccount.class,
          "v1/Pod", Pod.class,
          "batch/v1/CronJob", CronJob.class,
          "rbac.authorization.k8s.io/v1/Role", Role.class,
          "rbac.authorization.k8s.io/v1/RoleBinding", RoleBinding.class,
          "sparkoperator.k8s.io/v1beta2/SparkApplication", SparkApplication.class);

  private static final ObjectMapper MAPPER =
      YAMLMapper.builder(new YAMLFactory())
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          // The Kubernetes classes collect what they do not know; here that is an error.
          .annotationIntrospector(
              new JacksonAnnotationIntrospector() {
                private static final long serialVersionUID = 1;

                @Override
                public Boolean hasAnySetter(Annotated annotated) {
                  return false;
                }
              })
          .build();

  private StrictYaml() {}

  /** The documents of a file, in order. */
  static List<Object> read(String yaml) throws IOException {
    List<JsonNode> trees;
    try (var documents = MAPPER.readerFor(JsonNode.class).<JsonNode>readValues(yaml)) {
      trees = documents.readAll();
    }
    List<Object> objects = new java.util.ArrayList<>();
    for (JsonNode tree : trees) {
      String kind = tree.path("apiVersion").asText() + "/" + tree.path("kind").asText();
      Class<?> type = KINDS.get(kind);
      if (type == null) {
        throw new IOException("No type for " + kind + "; known are " + KINDS.keySet());
      }
      objects.add(MAPPER.treeToValue(tree, type));
    }
    return objects;
  }
}
