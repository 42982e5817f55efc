// kafkajs as the published package gets at it: part by part, from inside. `kafkajs` itself is the name that the users of the
// package map, mock or alias to the package, and it would find itself under it.
const ORIGINAL = '2.2.4';

/** Whether node_modules has the original under its own name. Then it is the one whose errors the user's code may hold. */
const isOriginalInstalled = () => {
  try {
    const { name, version } = require('kafkajs/package.json');
    return name === 'kafkajs' && version === ORIGINAL;
  } catch {
    return false;
  }
};

const parts = isOriginalInstalled()
  ? {
      Kafka: require('kafkajs/src/index.js'),
      PartitionAssigners: require('kafkajs/src/consumer/assigners/index.js'),
      AssignerProtocol: require('kafkajs/src/consumer/assignerProtocol.js'),
      Partitioners: require('kafkajs/src/producer/partitioners/index.js'),
      Compression: require('kafkajs/src/protocol/message/compression/index.js'),
      ConfigResourceTypes: require('kafkajs/src/protocol/configResourceTypes.js'),
      ConfigSource: require('kafkajs/src/protocol/configSource.js'),
      AclResourceTypes: require('kafkajs/src/protocol/aclResourceTypes.js'),
      AclOperationTypes: require('kafkajs/src/protocol/aclOperationTypes.js'),
      AclPermissionTypes: require('kafkajs/src/protocol/aclPermissionTypes.js'),
      ResourcePatternTypes: require('kafkajs/src/protocol/resourcePatternTypes.js'),
      errors: require('kafkajs/src/errors.js'),
      loggers: require('kafkajs/src/loggers/index.js'),
      protocolError: require('kafkajs/src/protocol/error.js'),
      Long: require('kafkajs/src/utils/long.js'),
      SaslAuthenticator: require('kafkajs/src/broker/saslAuthenticator/index.js'),
    }
  : {
      Kafka: require('original-kafka-js/src/index.js'),
      PartitionAssigners: require('original-kafka-js/src/consumer/assigners/index.js'),
      AssignerProtocol: require('original-kafka-js/src/consumer/assignerProtocol.js'),
      Partitioners: require('original-kafka-js/src/producer/partitioners/index.js'),
      Compression: require('original-kafka-js/src/protocol/message/compression/index.js'),
      ConfigResourceTypes: require('original-kafka-js/src/protocol/configResourceTypes.js'),
      ConfigSource: require('original-kafka-js/src/protocol/configSource.js'),
      AclResourceTypes: require('original-kafka-js/src/protocol/aclResourceTypes.js'),
      AclOperationTypes: require('original-kafka-js/src/protocol/aclOperationTypes.js'),
      AclPermissionTypes: require('original-kafka-js/src/protocol/aclPermissionTypes.js'),
      ResourcePatternTypes: require('original-kafka-js/src/protocol/resourcePatternTypes.js'),
      errors: require('original-kafka-js/src/errors.js'),
      loggers: require('original-kafka-js/src/loggers/index.js'),
      protocolError: require('original-kafka-js/src/protocol/error.js'),
      Long: require('original-kafka-js/src/utils/long.js'),
      SaslAuthenticator: require('original-kafka-js/src/broker/saslAuthenticator/index.js'),
    };

const { Compression, errors, loggers, protocolError, Long, SaslAuthenticator, ...same } = parts;
const { isRebalancing: _own, isKafkaJSError: _internal, ...classes } = errors;

module.exports = {
  ...same,
  logLevel: loggers.LEVELS,
  CompressionTypes: Compression.Types,
  CompressionCodecs: Compression.Codecs,
  ...classes,
  // For this package alone, which asks for them by the names of their files.
  protocolError,
  Long,
  SaslAuthenticator,
};
