"""Names of Docker Hub's official images: a short name that is one of them means Hub's to every other tool."""

from __future__ import annotations

from typing import Final

_NAMES: Final = """
adminer aerospike almalinux alpine alt amazoncorretto amazonlinux api-firewall arangodb archlinux
backdrop bash bonita buildpack-deps busybox caddy cassandra celery centos chronograf cirros
clearlinux clefos clojure composer consul convertigo couchbase couchdb crate dart debian django
docker drupal eclipse-mosquitto eclipse-temurin eggdrop elasticsearch elixir emqx erlang
express-gateway fedora flink fluentd friendica gazebo gcc geonetwork ghost glassfish golang gradle
groovy haproxy haskell haxe hello-world hitch httpd hylang ibm-semeru-runtimes ibmjava influxdb iojs
irssi java jetty jobber joomla jruby julia kapacitor kibana kong krakend lightstreamer liquibase
logstash mageia mariadb matomo maven mediawiki memcached mongo mongo-express monica mono mysql nats
nats-streaming neo4j neurodebian nextcloud nginx node notary nuxeo odoo open-liberty openjdk
opensuse oraclelinux orientdb owncloud percona perl photon php phpmyadmin piwik plone postfixadmin
postgres pypy python r-base rabbitmq rails rakudo-star rapidoid redis redmine registry rethinkdb
rocket.chat rockylinux ros ruby rust sapmachine satosa scratch sentry silverpeas sl solr sonarqube
spark spiped storm swarm swift swipl teamspeak telegraf thrift tomcat tomee traefik ubuntu unit
varnish vault websphere-liberty wordpress xwiki yourls znc zookeeper
"""
OFFICIAL: Final = frozenset(_NAMES.split())


def is_official(repository: str) -> bool:
    """Whether docker would take this repository, written without a registry, for an official image.

    >>> is_official("alpine"), is_official("library/alpine"), is_official("team/alpine")
    (True, True, False)
    """
    return repository.removeprefix("library/") in OFFICIAL
