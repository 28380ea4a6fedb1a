package otlpkit;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.netflix.eureka.server.EnableEurekaServer;

/** A Eureka server on loopback: Netflix's own, in Spring's dress. Settings are in application.properties. */
@SpringBootApplication
@EnableEurekaServer
public class Eureka {
  public static void main(String[] args) {
    SpringApplication.run(Eureka.class, args);
  }
}
