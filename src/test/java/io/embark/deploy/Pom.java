package io.embark.deploy;

import java.io.IOException;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.xml.sax.SAXException;

/** Versions as the build has them. */
record Pom(Document document) {
  static Pom read() throws IOException {
    try {
      return new Pom(
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(Path.of("pom.xml").toFile()));
    } catch (ParserConfigurationException | SAXException e) {
      throw new IOException(e);
    }
  }

  String version() {
    return at("/project/version");
  }

  String property(String name) {
    return at("/project/properties/*[name()='" + name + "']");
  }

  private String at(String path) {
    try {
      return XPathFactory.newInstance().newXPath().evaluate(path, document);
    } catch (XPathExpressionException e) {
      throw new IllegalArgumentException(path, e);
    }
  }
}
